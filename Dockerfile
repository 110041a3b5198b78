# The course in a container: docker build -t autoregressive . && docker run --rm -p 8888:8888 autoregressive
# `tools` is what .devcontainer builds on: everything but the project itself.
FROM node:22-bookworm AS tools
RUN apt-get update && \
    apt-get install -y --no-install-recommends chromium g++ git python3 python3-venv xz-utils && \
    rm -rf /var/lib/apt/lists/*
ENV CHROMIUM=/usr/bin/chromium

FROM tools AS course
USER node
RUN mkdir /home/node/course
WORKDIR /home/node/course
COPY --chown=node:node . .
RUN npm run setup
EXPOSE 8888
CMD ["npm", "run", "lab", "--", "work", "--ip=0.0.0.0", "--no-browser"]
